# `just` lists the recipes. Each is one line that calls a script or cargo, so everything also runs without just.

_list:
    @just --list --unsorted

# install the servers that a stack and the tests need, if they are missing
[group('start here')]
install:
    ops/install

# a running store, measured: install, build, seed, load, report, check, stop
[group('start here')]
demo *options:
    ops/demo {{ options }}

# run everything that must pass, or only the named stages
[group('check')]
test *stages:
    ops/test {{ stages }}

# check format, clippy, rustdoc and the policy for dependencies
[group('check')]
lint:
    ops/test format lint

# run the tests inside the modules
[group('check')]
unit:
    ops/test unit

# run the tests of the whole product against real services
[group('check')]
integration:
    ops/test integration

# check scripts and configuration files
[group('check')]
configuration:
    ops/test configuration

# build the image, and test the whole deployment in containers under load and faults
[group('check')]
containers:
    ops/test containers

# install the store on a machine with systemd and without containers, in a container, and test it there
[group('check')]
systemd *options:
    ops/systemd/test {{ options }}

# make every alert fire for real in a deployment in containers; takes fifteen minutes
[group('check')]
alerts *options:
    ops/containers/alerts {{ options }}

# start ten deployments that deploy-check judges, sound ones and broken ones, in containers; takes twenty minutes
[group('check')]
deployments *names:
    ops/containers/deployments {{ names }}

# run an older version and this one side by side, and migrate a large store under their load
[group('check')]
versions *options:
    ops/versions {{ options }}

# compare what is answered, directly and through nginx, with the OpenAPI document
[group('check')]
schemathesis *examples:
    ops/schemathesis {{ examples }}

# look for input that crashes the store, the load tester or deploy-check: minutes for each target, all targets or those named
[group('check')]
fuzz minutes="1" *targets:
    ops/fuzz {{ minutes }} {{ targets }}

# break the pure files in one place at a time, and look whether a unit test notices; takes hours
[group('check')]
mutants *files:
    ops/mutants {{ files }}

# format the code
[group('work')]
fmt:
    cargo fmt --all

# build the optimised program in target/release
[group('work')]
build:
    cargo build --release --locked

# build the image of the store, which has every subcommand
[group('deploy')]
image tag="storemgr:0.1.0":
    docker build --file ops/Dockerfile --tag {{ tag }} .

# check, start or replace a deployment, check again, and go back if that fails
[group('deploy')]
deploy *arguments:
    ops/deploy {{ arguments }}

# start a private stack in this directory; options after `--` go to both instances
[group('work')]
stack-up *options: build
    target/release/storemgr stack up {{ options }}

# stop the private stack
[group('work')]
stack-down:
    target/release/storemgr stack down

# measure the ladder of experiments: ten minutes, or four with --quick
[group('start here')]
lab *options: build
    target/release/storemgr lab {{ options }}

# show which processes of the private stack run
[group('work')]
stack-status:
    target/release/storemgr stack status

# measure how fast `seed` fills a store, beside LOAD DATA of the same rows; needs DB_HOST, DB_USER, DB_PASSWORD
[group('measure')]
bench-seed *rounds: build
    benches/seed.sh {{ rounds }}

# measure orders per second of every writer, beside a bare database client; needs DB_HOST, DB_USER, DB_PASSWORD
[group('measure')]
bench-orders *options:
    cargo bench --locked --bench store -- orders {{ options }}

# compare the order rate of an older program with that of target/release/storemgr, in turn; needs DB_HOST, DB_USER, DB_PASSWORD
[group('measure')]
bench-two-versions older: build
    benches/two-versions.sh {{ older }}

# measure what grows with products, users and history; needs DB_HOST, DB_USER, DB_PASSWORD
[group('measure')]
bench-sizes *rounds: build
    benches/sizes.sh {{ rounds }}

# measure orders on a MySQL group of three servers and on one server, beside bare clients on both
[group('measure')]
bench-group mysqld *options: build
    benches/group.sh {{ mysqld }} {{ options }}

# measure orders of a single product, beside orders over ten thousand
[group('measure')]
bench-hot-product *options:
    cargo bench --locked --bench store -- hot-product {{ options }}

# measure what the index for the list of a user's orders costs the writers
[group('measure')]
bench-user-orders *options:
    cargo bench --locked --bench store -- user-orders {{ options }}

# measure reports over a long history, and out of the cache beside nginx; needs REDIS_HOST, too
[group('measure')]
bench-reports *options:
    cargo bench --locked --bench store -- reports {{ options }}

# send five and ten times more orders than the store can take
[group('measure')]
bench-overload *options:
    cargo bench --locked --bench store -- overload --seconds 60 {{ options }}

# measure what a request costs the load generator, beside wrk, oha, hey and Locust if they are installed
[group('measure')]
bench-loadtest *rounds: build
    benches/loadtest.sh {{ rounds }}

# try wrk, hey, oha and Locust, those that are in PATH, and storemgr on services that could look better than they are
[group('measure')]
bench-flattering *rows: build
    benches/flattering.py {{ rows }}

# find the number of users from which on the store fails: configured as the lab's first rung, and with its defaults
[group('measure')]
bench-find-limit *folder: build
    benches/find-limit.sh {{ folder }}

# compare the load tester's figures with a server of known behaviour, on a quiet machine; they may differ by 2 %
[group('measure')]
truth: build
    STOREMGR={{ justfile_directory() }}/target/release/storemgr STRICT_TRUTH=1 cargo test --locked --test integration loadtest::truth -- --include-ignored --test-threads=1 --nocapture

# measure a well-behaved client beside each that misbehaves; its p99 must stay within twice, or 20 ms, of what it is alone
[group('measure')]
neighbours: build
    STOREMGR={{ justfile_directory() }}/target/release/storemgr STRICT_NEIGHBOURS=1 cargo test --locked --test integration contract::neighbours -- --test-threads=1 --nocapture

# compare counts with the servers' own over TLS and HTTP/2, and the cost beside wrk, oha and h2load if they are installed
[group('measure')]
bench-targets *rounds: build
    benches/targets.sh {{ rounds }}

# compare a run with and without viewers of its live page
[group('measure')]
bench-viewers *rounds: build
    benches/viewers.sh {{ rounds }}

# compare the cost of a request with captures, cookies and a token with that of a plain task
[group('measure')]
bench-journeys *rounds: build
    benches/journeys.sh {{ rounds }}

# compare the size of an image like the original's with that of the store's image
[group('measure')]
bench-python-image *image:
    benches/python-image.sh {{ image }}

# compare what Locust, the load tester and a shop with a log-in count of the same 10,000 journeys; needs locust
[group('measure')]
locust-journeys *options: build
    benches/locust-journeys.sh {{ options }}

# compare the counts and times of Locust and the load tester; needs locust
[group('measure')]
locust-agreement *options: build
    benches/locust-agreement.sh {{ options }}
