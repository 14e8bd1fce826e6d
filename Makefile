# Curfew: `make` lists what can be made.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup build test fuzz check demo bench deb format clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  \1\t/' | expand -t 12

setup: ## install the Debian packages that are missing (as root or through sudo)
	@Scripts/setup

build: setup ## build the release binary, .build/release/curfew, which needs no Swift where it runs
	swift build -c release --static-swift-stdlib -Xlinker -s --product curfew

test: setup ## build and run every test
	@Scripts/test

fuzz: setup ## feed made-up input to everything that reads input of others; SECONDS=60 for each of TARGETS=all
	@Scripts/fuzz --seconds $(or $(SECONDS),60) $(TARGETS)

check: ## check formatting and file lengths
	@Scripts/check

demo: build ## tell the whole story in the terminal, each step for real; CHECK=1 fails on the first broken promise
	@Scripts/demo

bench: build ## measure, each figure beside its floor
	@Scripts/bench
	@Scripts/bench-system
	@Scripts/bench-access
	@Scripts/bench-api
	@Scripts/bench-docker
	@Scripts/bench-swarm

deb: build ## make a Debian package in .build/deb; Scripts/test-deb tries it in a clean Debian
	@Scripts/deb

format: ## format the Swift sources
	@Scripts/swift-files | xargs -0 swift format -i

clean: ## remove what was built
	rm -rf .build .build-* .build_* Benchmarks/.build Benchmarks/.build-* Fuzz/.build Fuzz/.build-* .demo
