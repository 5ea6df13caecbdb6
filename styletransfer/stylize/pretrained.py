"""Models as folders, and on the Hugging Face Hub: the conventions of `huggingface_hub.ModelHubMixin`."""

import json
import os
import shutil
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Self, cast

from ..errors import InputError
from ..media.files import write_atomically, write_text
from ..models.network import StylizerNet
from ..models.shipped import file_digest, model_path
from ..models.weights import FORMAT
from ..styles.encode import StyleEncoder
from ..version import __version__

WEIGHTS_FILE, CONFIG_FILE, CARD = "model.safetensors", "config.json", "README.md"
"""File names as the Hub's libraries expect them."""


class Pretrained:
    """The methods from_pretrained, save_pretrained and push_to_hub of `Stylizer`."""

    net: StylizerNet
    style_encoder: StyleEncoder

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | os.PathLike[str],
        *,
        force_download: bool = False,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
        revision: str | None = None,
        **model_kwargs: Any,
    ) -> Self:
        """Load a Stylizer from a folder that `save_pretrained` wrote, or from the Hub (extra [hub]).

        pretrained_model_name_or_path: a folder, or "owner/name" on the Hub, downloaded once.
        model_kwargs: device and precision, as for `Stylizer`; the other arguments are the Hub's.
        Raises InputError if it is neither, or the download fails.
        """
        name = str(pretrained_model_name_or_path)
        if os.path.isdir(name):
            return cls(Path(name) / WEIGHTS_FILE, **model_kwargs)  # type: ignore[call-arg]
        try:
            file = _hub().hf_hub_download(
                name, WEIGHTS_FILE, revision=revision, cache_dir=cache_dir, token=token,
                force_download=force_download, local_files_only=local_files_only,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            raise InputError(f"{name}: neither a folder nor to be had from the Hub ({error})") from None
        return cls(file, **model_kwargs)  # type: ignore[call-arg]

    def save_pretrained(
        self,
        save_directory: str | Path,
        *,
        repo_id: str | None = None,
        push_to_hub: bool = False,
        **push_to_hub_kwargs: Any,
    ) -> str | None:
        """Write model.safetensors, config.json and, if there is none, a card, README.md, into a folder.

        The weights are the very file that was loaded: style codes made with it stay good. push_to_hub:
        then upload it as well, as `push_to_hub` does, which gives its address. InputError if the file is
        not there any more.
        """
        source, folder = model_path(self.style_encoder.model), Path(save_directory)
        if file_digest(source) != self.style_encoder.digest:
            raise InputError(f"{source}: is not the file any more that this model was loaded from")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / WEIGHTS_FILE).exists() or not source.samefile(folder / WEIGHTS_FILE):
                write_atomically(folder / WEIGHTS_FILE, partial(shutil.copyfile, source))
            write_text(folder / CONFIG_FILE, json.dumps(self._hub_config(), indent=2) + "\n")
            if not (folder / CARD).exists():
                write_text(folder / CARD, self._card(repo_id or folder.name))
        except OSError as error:
            raise InputError(f"cannot write {folder}: {error.strerror}") from None
        if push_to_hub:
            return self.push_to_hub(repo_id or folder.name, **push_to_hub_kwargs)
        return None

    def push_to_hub(
        self,
        repo_id: str,
        *,
        commit_message: str = "Push model using styletransfer.",
        private: bool | None = None,
        token: str | None = None,
        branch: str | None = None,
        create_pr: bool | None = None,
    ) -> str:
        """Upload what `save_pretrained` writes to the Hub (extra [hub]); returns the commit's URL.

        repo_id: "owner/name", created if it does not exist. You must be logged in, or give a token.
        Raises InputError if the Hub refuses.
        """
        hub = _hub()
        api = hub.HfApi(token=token)
        try:
            made = api.create_repo(repo_id=repo_id, private=private, exist_ok=True)
            with hub.utils.SoftTemporaryDirectory() as folder:
                self.save_pretrained(folder, repo_id=made.repo_id)
                commit = api.upload_folder(
                    repo_id=made.repo_id, repo_type="model", folder_path=folder, revision=branch,
                    commit_message=commit_message, create_pr=create_pr,
                )  # fmt: skip
        except (OSError, ValueError) as error:
            raise InputError(f"{repo_id}: cannot be uploaded ({error})") from None
        return cast(str, commit.commit_url)

    def _hub_config(self) -> dict[str, Any]:
        """The content of config.json: the network's config, and the digest of the weight file."""
        about = {"library_name": "styletransfer", "version": __version__, "format": FORMAT}
        return {**about, "sha256": self.style_encoder.digest, **asdict(self.net.config)}

    def _card(self, name: str) -> str:
        return CARD_TEXT.format(
            name=name,
            title=name.rpartition("/")[2],
            digest=self.style_encoder.digest,
            version=__version__,
        )


CARD_TEXT = """---
library_name: styletransfer
pipeline_tag: image-to-image
tags:
- style-transfer
---

# {title}

A network that repaints photos in the style of paintings, for styletransfer {version} or newer.

```python
from styletransfer import Stylizer

Stylizer.from_pretrained("{name}").stylize("photo.jpg", "painting.jpg").save("out.png")
```

SHA-256 of `model.safetensors`: `{digest}`
"""


def _hub() -> Any:
    try:
        import huggingface_hub
    except ImportError:
        raise InputError(
            "the Hugging Face Hub needs huggingface_hub: pip install 'styletransfer[hub]'"
        ) from None
    return huggingface_hub
