//! tests

mod stack;
