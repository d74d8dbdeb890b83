//! Other machines: trees of files as their kernels show them, nasty ones among them.

mod documents;
mod files;
mod gpus;
mod jobs;
mod parts;
mod sensors;
mod tree;
