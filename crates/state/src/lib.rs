//! The state store: connection, migrations, transactions. Each room writes its own SQL inside it.
