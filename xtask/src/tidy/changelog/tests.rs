//! Samples that pass and samples that fail.
