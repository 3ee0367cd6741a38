# Build the stack with SAM, invoke it in the real Lambda runtime on this machine, and deploy it to an account.
STACK    := .venv-stack
RUNTIME  := .venv-runtime
# `sam build` runs make, which must not inherit our make's variables.
SAM      := env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS SAM_CLI_TELEMETRY=0 $(STACK)/bin/sam
BUILT    := .aws-sam/build/template.yaml
NAME     ?= resizer
EVENT    ?= events/s3-put.json
FUNCTION ?= ResizeFunction
REGION   := $(if $(AWS_REGION),--region $(AWS_REGION))

.PHONY: lambda-python stack runtime build invoke deploy destroy logs

lambda-python: | $(VENV)/bin/python ## Check for a Python of Lambda's version; if there is none, say how to install it
	@$(BIN)/python -m devtools.lambda_runtime.interpreter >/dev/null

stack: $(STACK)/ready ## Install a pinned AWS SAM into a separate environment

runtime: $(RUNTIME)/ready ## Install the Lambda runtime interface client for Python 3.13

build: $(BUILT) ## Build the function and its layers for Lambda, without Docker

invoke: $(LOCAL) $(BUILT) $(RUNTIME)/ready ## Invoke the function with EVENT=events/s3-put.json (PHOTO=path) in the real Lambda runtime
	@$(BIN)/python -m devtools.lambda_runtime $(EVENT) --function $(FUNCTION) $(if $(PHOTO),--photo "$(PHOTO)")

# `deployable` reports mistakes before the build. PARAMETERS, ARGS and EMULATED are passed in the environment.
deploy: deployable $(BUILT) ## Deploy to your AWS account: asks a few questions, or none with PARAMETERS="BucketName=yours"
	@$(STACK)/bin/python -m devtools.deploy --name "$(NAME)"

.PHONY: deployable account
deployable: $(STACK)/ready
	@$(STACK)/bin/python -m devtools.deploy --name "$(NAME)" --check

# Says what to set if there is no region or no credentials.
account: $(STACK)/ready
	@$(STACK)/bin/python -m devtools.deploy --name "$(NAME)" --check-account

destroy: account ## Delete the stack NAME=resizer from your AWS account; without questions: ARGS=--no-prompts
	$(SAM) delete --stack-name "$(NAME)" $(REGION) $(ARGS)

logs: account ## Follow the logs of the stack NAME=resizer
	$(SAM) logs --stack-name "$(NAME)" --name $(FUNCTION) --tail $(REGION) $(ARGS)

$(BUILT): template.yaml layers/Makefile $(wildcard layers/*.py resizer/*.py resizer/*/*.py resizer/*/*.json resizer/*/*/*.py) requirements/runtime.txt \
          requirements/heic.txt requirements/checking.txt build/settings.toml | lambda-python $(STACK)/ready
	@$(BIN)/python -m layers.build settings build/settings
	@echo "Building the function and its layers (half a minute) ..."
	@$(SAM) build 2>&1 | tee build/sam.log | grep -E " MB zipped|Failed|Error" ; tail -20 build/sam.log | grep -q "Build Succeeded" \
	  || { cat build/sam.log; exit 1; }
	@touch $@

# A copy of the settings file: if it is changed, added or removed, make builds again.
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

# This environment needs a Python of Lambda's version; the project's own may have another.
$(RUNTIME)/ready: requirements/interface.txt $(STACK)/ready
	@python=$$($(STACK)/bin/python -m devtools.lambda_runtime.interpreter) && $$python -m venv --clear --without-pip $(RUNTIME)
	@$(PIP) --python $(RUNTIME)/bin/python install --no-deps --require-hashes -r $<
	@touch $@
