//! The store on the PostgreSQL protocol.
