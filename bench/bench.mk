# The benchmarks. The Makefile includes this file and sets VENV and BIN.
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

# Checked before anything is built or measured.
STRATEGIES := cheapest fastest balanced
ifneq ($(and $(filter bench,$(MAKECMDGOALS)),$(STRATEGY),$(if $(filter $(STRATEGIES),$(STRATEGY)),,wrong)),)
  $(error STRATEGY=$(STRATEGY) is not one of: $(STRATEGIES))
endif

.PHONY: bench bench-peers bench-check bench-accept bench-cases

bench: $(VENV)/bench.ready $(if $(LIVE)$(ESTIMATE),,bench-artifact) ## Find the cheapest memory size: PHOTOS=folder, LIVE=function-name, APPLY=1
ifneq ($(LIVE),)
	@$(BIN)/python -m bench live $(LIVE) $(if $(BUCKET),--bucket $(BUCKET)) $(BENCH_OPTIONS)
else
	@$(BIN)/python -m bench measure $(BENCH_OPTIONS) $(if $(ESTIMATE),--estimate) \
	  --code build/bench/function --layer build/bench/layer
endif
	@$(BIN)/python -m bench choose $(if $(STRATEGY),--strategy $(STRATEGY)) $(if $(APPLY),--template template.yaml)

# If the layer cannot be built (no Python 3.13, or not Linux), `bench measure` estimates.
.PHONY: bench-artifact
bench-artifact: $(VENV)/bench.ready
	@$(MAKE) --no-print-directory runtime || echo "The Lambda runtime cannot be installed here."
	@$(BIN)/python -m layers.build function build/bench/function \
	  && $(BIN)/python -m layers.build dependencies build/bench/layer || echo "The function and its layer cannot be built here."

bench-peers: $(VENV)/bench.ready bench-artifact bench/peers/sharp/node_modules/.ready ## Compare with the AWS tutorial, sharp, ImageMagick, pyvips, OpenCV: PHOTOS=folder
	@test -n "$(PHOTOS)" || { echo "Name a folder of pictures: make bench-peers PHOTOS=folder" >&2; exit 2; }
	@test -x /usr/bin/convert || command -v magick >/dev/null || apt-get install -y -q imagemagick \
	  || echo "ImageMagick cannot be installed, so it is not measured."
	@$(BIN)/python -m bench.peers "$(PHOTOS)" $(if $(ROUNDS),--rounds $(ROUNDS))

bench-check: $(VENV)/bench.ready ## Fail if CPU time or memory per image is 15 percent above the accepted code: AGAINST=revision
	@$(BIN)/python -m bench check $(if $(AGAINST),--against $(AGAINST))

bench-accept: $(VENV)/bench.ready ## Accept the commit that is checked out
	@$(BIN)/python -m bench check --accept

bench-cases: $(VENV)/bench.ready ## Each contender's CPU time per picture, by pytest-benchmark: PHOTOS=folder
	@PHOTOS="$(PHOTOS)" $(BIN)/python -m pytest bench/cases.py --benchmark-columns=min,median,rounds --benchmark-sort=name

bench/peers/sharp/node_modules/.ready: bench/peers/sharp/package-lock.json
	@if command -v npm >/dev/null; then cd bench/peers/sharp && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.ready; \
	else echo "npm is missing, so sharp is not measured."; fi
