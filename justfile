# The one door: `just` lists what there is. Each recipe is one line; what it calls runs without just as well.

_list:
    @just --list --unsorted

# install the servers that a stack and the tests need, where they are missing
[group('start here')]
install:
    ops/install

# a running store, measured: install, build, seed, load, report, check, stop
[group('start here')]
demo *options:
    ops/demo {{ options }}

# everything that must pass, or the stages that are named
[group('check')]
test *stages:
    ops/test {{ stages }}

# rustfmt, clippy, rustdoc, the policy for dependencies
[group('check')]
lint:
    ops/test format lint

# the tests inside the modules
[group('check')]
unit:
    ops/test unit

# the whole product against real services
[group('check')]
integration:
    ops/test integration

# scripts and configuration files
[group('check')]
configuration:
    ops/test configuration

# the image, and the whole deployment in containers, loaded and broken
[group('check')]
containers:
    ops/test containers

# format the code
[group('work')]
fmt:
    cargo fmt --all

# the optimised program, in target/release
[group('work')]
build:
    cargo build --release --locked

# the image of the store, for every subcommand
[group('deploy')]
image tag="storemgr:0.1.0":
    docker build --file ops/Dockerfile --tag {{ tag }} .

# check, start or replace, check again; go back if that fails
[group('deploy')]
deploy *arguments:
    ops/deploy {{ arguments }}

# a private stack in this directory; options after `--` go to both instances
[group('work')]
stack-up *options: build
    target/release/storemgr stack up {{ options }}

# stop the private stack
[group('work')]
stack-down:
    target/release/storemgr stack down

# the ladder of experiments, before and after: three minutes with --quick, ten without
[group('start here')]
lab *options: build
    target/release/storemgr lab {{ options }}

# what of the private stack runs
[group('work')]
stack-status:
    target/release/storemgr stack status

# how fast `seed` fills a store, beside LOAD DATA of the same rows; takes DB_HOST, DB_USER, DB_PASSWORD
[group('measure')]
bench-seed *rounds: build
    benches/seed.sh {{ rounds }}

# orders a second: every writer, beside a client that talks to the database itself; takes DB_HOST, DB_USER, DB_PASSWORD
[group('measure')]
bench-orders *options:
    cargo bench --locked --bench store -- orders {{ options }}

# all orders on one product
[group('measure')]
bench-hot-product *options:
    cargo bench --locked --bench store -- hot-product {{ options }}

# reports over a long history, and out of the cache beside nginx; takes REDIS_HOST too
[group('measure')]
bench-reports *options:
    cargo bench --locked --bench store -- reports {{ options }}

# five and ten times more orders than the store can take
[group('measure')]
bench-overload *options:
    cargo bench --locked --bench store -- overload --seconds 60 {{ options }}

# what a request costs the load generator, beside wrk, oha, hey and Locust where they are installed
[group('measure')]
bench-loadtest *rounds: build
    benches/loadtest.sh {{ rounds }}

# from how many users on the store stops answering as it should: as the laboratory's first rung has it, and by default
[group('measure')]
bench-find-limit *folder: build
    benches/find-limit.sh {{ folder }}

# what the load tester says against what a server was told to do, on a quiet machine: 2 % and nothing else is allowed
[group('measure')]
truth: build
    STOREMGR={{ justfile_directory() }}/target/release/storemgr STRICT_TRUTH=1 cargo test --locked --test integration loadtest::truth -- --include-ignored --test-threads=1 --nocapture

# what an image of the original's kind weighs, beside an image of the store
[group('measure')]
bench-python-image *image:
    benches/python-image.sh {{ image }}

# whether Locust and the load tester count and measure the same; needs locust
[group('measure')]
locust-agreement *options: build
    benches/locust-agreement.sh {{ options }}
