//! vCards: reading 2.1, 3.0 and 4.0, editing line by line, writing 3.0 and 4.0, and what one viewer may see.
