//! Nothing: this package only names the version of the schema.
