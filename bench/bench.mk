# What a memory size costs, and how Resizer stands beside others. Included by the Makefile, whose VENV and BIN it uses.
#   make bench [PHOTOS=folder] [MIX=mix.toml] [SIZES=128,256] [WARM=5] [ESTIMATE=1] [STRATEGY=cheapest] [APPLY=1]
#   make bench LIVE=function-name [BUCKET=bucket] [PHOTOS=folder]
#   make bench-peers PHOTOS=folder [ROUNDS=7]
#   make bench-check [AGAINST=revision]
PHOTOS   ?=
MIX      ?=
SIZES    ?=
WARM     ?=
ROUNDS   ?=
ESTIMATE ?=
STRATEGY ?=
AGAINST  ?=
APPLY    ?=
LIVE     ?=
BUCKET   ?=
BENCH_OPTIONS = $(if $(PHOTOS),--photos "$(PHOTOS)") $(if $(MIX),--mix "$(MIX)") $(if $(SIZES),--sizes $(SIZES)) \
  $(if $(WARM),--warm $(WARM))
ARTIFACT := build/bench/function/resizer/handler.py
LAYER    := build/bench/layer/python/PIL/__init__.pyc

# Refused before anything is built or measured.
STRATEGIES := cheapest fastest balanced
ifneq ($(and $(filter bench,$(MAKECMDGOALS)),$(STRATEGY),$(if $(filter $(STRATEGIES),$(STRATEGY)),,wrong)),)
  $(error STRATEGY=$(STRATEGY) is not one of: $(STRATEGIES))
endif

.PHONY: bench bench-peers bench-check bench-accept bench-cases

bench: $(VENV)/bench.ready $(if $(LIVE)$(ESTIMATE),,bench-artifact) ## What each memory size costs: PHOTOS=folder, LIVE=function-name, APPLY=1
ifneq ($(LIVE),)
	@$(BIN)/python -m bench live $(LIVE) $(if $(BUCKET),--bucket $(BUCKET)) $(BENCH_OPTIONS)
else
	@$(BIN)/python -m bench measure $(BENCH_OPTIONS) $(if $(ESTIMATE),--estimate) \
	  --code build/bench/function --layer build/bench/layer
endif
	@$(BIN)/python -m bench choose $(if $(STRATEGY),--strategy $(STRATEGY)) $(if $(APPLY),--template template.yaml)

# Where the layer cannot be built (no Python 3.13, no Linux), `bench measure` says so and estimates.
.PHONY: bench-artifact
bench-artifact: $(VENV)/bench.ready
	@$(MAKE) --no-print-directory runtime || echo "No Lambda runtime here."
	@$(BIN)/python -m layers.build function build/bench/function \
	  && $(BIN)/python -m layers.build dependencies build/bench/layer || echo "No artifact could be built here."

bench-peers: $(VENV)/bench.ready bench-artifact bench/peers/sharp/node_modules/.ready ## Beside the AWS tutorial, sharp, ImageMagick, pyvips, OpenCV: PHOTOS=folder
	@test -n "$(PHOTOS)" || { echo "Name a folder of pictures: make bench-peers PHOTOS=folder" >&2; exit 2; }
	@test -x /usr/bin/convert || command -v magick >/dev/null || apt-get install -y -q imagemagick \
	  || echo "ImageMagick cannot be installed here; the others go on without it."
	@$(BIN)/python -m bench.peers "$(PHOTOS)" $(if $(ROUNDS),--rounds $(ROUNDS))

bench-check: $(VENV)/bench.ready ## Fail where CPU or memory per image is 15 percent above the accepted code's: AGAINST=revision
	@$(BIN)/python -m bench check $(if $(AGAINST),--against $(AGAINST))

bench-accept: $(VENV)/bench.ready ## Accept the code that is checked out
	@$(BIN)/python -m bench check --accept

bench-cases: $(VENV)/bench.ready ## The handler's own CPU time per picture, by pytest-benchmark: PHOTOS=folder
	@PHOTOS="$(PHOTOS)" $(BIN)/python -m pytest bench/cases.py --benchmark-columns=min,median,rounds --benchmark-sort=name

bench/peers/sharp/node_modules/.ready: bench/peers/sharp/package-lock.json
	@if command -v npm >/dev/null; then cd bench/peers/sharp && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.ready; \
	else echo "npm is missing: sharp does not take part."; fi
