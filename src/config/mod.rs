//! Settings, with the file and line of what is wrong. Read by `app` and `cli` only.
