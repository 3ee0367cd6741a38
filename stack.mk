# The stack: built by SAM, run in the real Lambda runtime here, deployed to an account.
STACK    := .venv-stack
RUNTIME  := .venv-runtime
# Without make's own variables, for `sam build` runs a make of its own.
SAM      := env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS SAM_CLI_TELEMETRY=0 $(STACK)/bin/sam
BUILT    := .aws-sam/build/template.yaml
NAME     ?= resizer
EVENT    ?= events/s3-put.json
FUNCTION ?= ResizeFunction
REGION   := $(if $(AWS_REGION),--region $(AWS_REGION))

.PHONY: lambda-python stack runtime build invoke deploy destroy logs

lambda-python: | $(VENV)/bin/python ## Fail and say how to get one where there is no Python of Lambda's version
	@$(BIN)/python -m devtools.lambda_runtime.interpreter >/dev/null

stack: $(STACK)/ready ## Install AWS SAM, pinned, into an environment of its own

runtime: $(RUNTIME)/ready ## Install the Lambda runtime's client for Python 3.13

build: $(BUILT) ## Build the function and its layers as Lambda gets them, without Docker

invoke: $(LOCAL) $(BUILT) $(RUNTIME)/ready ## Run EVENT=events/s3-put.json (PHOTO=path) in the real Lambda runtime
	@$(BIN)/python -m devtools.lambda_runtime $(EVENT) --function $(FUNCTION) $(if $(PHOTO),--photo "$(PHOTO)")

# What can be seen beforehand is said before the build. PARAMETERS, ARGS and EMULATED arrive by the environment.
deploy: deployable $(BUILT) ## Deploy to your AWS account: asks a few questions, or none with PARAMETERS="BucketName=yours"
	@$(STACK)/bin/python -m devtools.deploy --name "$(NAME)"

.PHONY: deployable
deployable: $(STACK)/ready
	@$(STACK)/bin/python -m devtools.deploy --name "$(NAME)" --check

destroy: $(STACK)/ready ## Delete the stack NAME=resizer from your AWS account; ARGS=--no-prompts asks nothing
	$(SAM) delete --stack-name "$(NAME)" $(REGION) $(ARGS)

logs: $(STACK)/ready ## Follow the logs of the stack NAME=resizer
	$(SAM) logs --stack-name "$(NAME)" --name $(FUNCTION) --tail $(REGION) $(ARGS)

$(BUILT): template.yaml layers/Makefile $(wildcard layers/*.py resizer/*.py resizer/*/*.py resizer/*/*.json resizer/*/*/*.py) requirements/runtime.txt \
          requirements/heic.txt requirements/checking.txt build/settings.toml | lambda-python $(STACK)/ready
	@$(BIN)/python -m layers.build settings build/settings
	@echo "Building the function and its layers (half a minute) ..."
	@$(SAM) build 2>&1 | tee build/sam.log | grep -E " MB zipped|Failed|Error" ; tail -20 build/sam.log | grep -q "Build Succeeded" \
	  || { cat build/sam.log; exit 1; }
	@touch $@

# A copy of the settings file, to see whether it has changed, come or gone since the build that packed it.
build/settings.toml: always
	@mkdir -p build
	@cat "$(or $(RESIZER_CONFIG),resizer.toml)" 2>/dev/null | cmp -s - $@ || cat "$(or $(RESIZER_CONFIG),resizer.toml)" > $@ 2>/dev/null || true

.PHONY: always
always:

$(STACK)/ready: requirements/stack.txt | $(VENV)/bin/python
	@echo "Installing AWS SAM into $(STACK) (once, about a minute) ..."
	@mkdir -p build && $(BIN)/python -m venv --clear --without-pip $(STACK)
	@$(PIP) --python $(STACK)/bin/python install --no-deps --require-hashes -r $<
	@touch $@

# The interpreter is Lambda's version, which need not be that of the project's own environment.
$(RUNTIME)/ready: requirements/interface.txt $(STACK)/ready
	@python=$$($(STACK)/bin/python -m devtools.lambda_runtime.interpreter) && $$python -m venv --clear --without-pip $(RUNTIME)
	@$(PIP) --python $(RUNTIME)/bin/python install --no-deps --require-hashes -r $<
	@touch $@
