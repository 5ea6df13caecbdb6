"""How much is installed for plain pictures without torch, and whether they are painted with that.

    python -m benchmarks.without_torch

Makes an environment in a temporary folder, installs docs/light.txt and this package into it as
docs/onnx.md says, paints an example, and prints what all takes and the command's seconds (after a
first run; benchmarks/quick.py has it beside others).
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PHOTO, STYLE = (
    ROOT / "examples" / "content" / "bridge.jpg",
    ROOT / "examples" / "style" / "great_wave.jpg",
)


def megabytes(folder: Path) -> float:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
        binaries = folder / "env" / ("Scripts" if sys.platform == "win32" else "bin")
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            binaries / "python",
            "install",
            "-q",
            "--no-deps",
        ]
        subprocess.run([*pip, "-r", ROOT / "docs" / "light.txt"], check=True)
        (light,) = (folder / "env").rglob("site-packages")
        sizes = {path.name: megabytes(path) for path in light.iterdir() if path.is_dir()}
        packages = megabytes(light)
        subprocess.run([*pip, ROOT], check=True)
        command = [binaries / "stylize", PHOTO, STYLE, "-o", folder / "out.jpg", "--force"]
        for _ in range(2):
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds = time.perf_counter() - start
        largest = sorted(sizes, key=lambda each: -sizes[each])[:6]
        print(f"packages: {packages:.0f} MB ({', '.join(f'{n} {sizes[n]:.0f}' for n in largest)})")
        print(f"with styletransfer and its weights: {megabytes(light):.0f} MB; {seconds:.2f} s")


if __name__ == "__main__":
    main()
