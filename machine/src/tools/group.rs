//! Everything one tool has started, as one thing that can be signalled and killed.
