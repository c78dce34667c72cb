# The two commands of this repository are `make run` and `make test`; both bring along what the machine lacks.
# They are built for the local mode (no container runtime needed): see docs/decisions/0002-aspire-and-local-mode.md.
export UseAspire := false
CONFIGURATION ?= Release
BUILD := --configuration $(CONFIGURATION) --nologo -v quiet

.DEFAULT_GOAL := help
.PHONY: help run pay test bench bench-peers clean format

help:
	@echo "make run     start Kobbopay here (Ctrl+C stops it; KOBBOPAY_PORT sets the port)"
	@echo "make pay     pay a payment on the local EVM chain of make run: ID=pay_... (AMOUNT=1.5 pays that much)"
	@echo "make test    build everything and run all tests"
	@echo "make bench   measure against bare baselines (ONLY=\"create --quick\" for a part; see bench/README.md)"
	@echo "make bench-peers  measure deliveries against graphile-worker and Hangfire (installs them in bench/peers)"
	@echo "make format  check the formatting"
	@echo "make clean   forget this folder's data, keys and build output"

run:
	@scripts/install.sh postgresql rabbitmq
	@scripts/install.sh anvil || echo "  Going on without the network dev-evm."
	@echo "Building ..."
	@dotnet build Kobbopay.AppHost $(BUILD)
	@exec dotnet artifacts/local/bin/Kobbopay.AppHost/$(shell echo $(CONFIGURATION) | tr A-Z a-z)/Kobbopay.AppHost.dll

pay:
	@command -v node >/dev/null || { echo "make pay needs Node.js: sudo apt-get install -y --no-install-recommends nodejs" >&2; exit 1; }
	@node scripts/pay.mjs "$(ID)" "$(AMOUNT)"

test:
	@scripts/install.sh postgresql rabbitmq chromium nodejs npm python php linker zsh fish anvil openapi-lint
	@echo "Building ..."
	@dotnet build Kobbopay.sln $(BUILD)
	@dotnet test --solution Kobbopay.sln --configuration $(CONFIGURATION) --no-build --max-parallel-test-modules 1

bench:
	@scripts/install.sh postgresql rabbitmq nginx wrk nodejs npm anvil
	@dotnet build bench/Kobbopay.Bench --configuration Release --nologo -v quiet
	@exec artifacts/local/bin/Kobbopay.Bench/release/Kobbopay.Bench $(ONLY)

bench-peers:
	@scripts/install.sh postgresql rabbitmq nodejs npm
	@cd bench/peers/graphile && npm ci --ignore-scripts --loglevel error
	@dotnet build bench/peers/Hangfire --configuration Release --nologo -v quiet
	@dotnet build bench/Kobbopay.Bench --configuration Release --nologo -v quiet
	@exec artifacts/local/bin/Kobbopay.Bench/release/Kobbopay.Bench peers $(ONLY)

format:
	@dotnet format Kobbopay.sln --verify-no-changes --no-restore

clean:
	@scripts/clean.sh
