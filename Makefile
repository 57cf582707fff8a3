# Two commands matter: `make demo` and `make test`. Build results go to $CARGO_TARGET_DIR when it is set.

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench eval-ocr eval-fields eval-retrieval eval-agent crash-test conformance deploy-test e2e screenshots setup web models

help: ## say what there is
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

demo: ## build, fetch the models, process the sample claims, leave the page open (ONCE=1: stop after the table)
	@ONCE="$(ONCE)" scripts/demo.sh

test: ## everything CI runs
	@scripts/test.sh

lint: ## formatting, clippy, house rules, licences and advisories
	@scripts/lint.sh

bench: ## speed and memory, beside pass-through proxies and llama-stack (PEER=no: without it)
	@scripts/bench.sh

eval-ocr: ## how well and how fast scans are read (DATA=folder: another set; PEER=python with rapidocr: beside it)
	@DATA="$(DATA)" PEER="$(PEER)" scripts/eval-ocr.sh

eval-fields: ## which facts are read right, by field and quality (DATA=folder: another set)
	@DATA="$(DATA)" HALF="$(HALF)" scripts/eval-fields.sh

eval-retrieval: ## how well passages and past claims are found, by model and language
	@scripts/eval-retrieval.sh

eval-agent: ## models that lie, obey the document or do as they please, against the whole house
	@scripts/eval-agent.sh

crash-test: ## kill -9 while claims are processed: nothing acknowledged is lost, none is decided twice (ROUNDS=n)
	@ROUNDS="$(ROUNDS)" scripts/crash-test.sh

conformance: ## judges from outside: Llama Stack's own tests, Open Responses, MCP, transcripts
	@scripts/conformance.sh $(JUDGES)

e2e: ## the page in a real browser against the real house, both languages (PICTURES=folder: keep them)
	@PICTURES="$(PICTURES)" scripts/e2e.sh

screenshots: ## the pictures of the page in docs/images, taken anew by the run of `make e2e`
	@PICTURES=docs/images scripts/e2e.sh

deploy-test: ## the OpenShift manifests and their overlays, against strict schemas
	@scripts/deploy-test.sh

setup: ## install missing system packages, or say how
	@scripts/setup.sh test

web: ## build the page
	@scripts/web.sh build

models: ## fetch the models
	@cargo run --release --locked --bin claimstack -- models pull
