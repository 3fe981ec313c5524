"""The file host: uploads in four ways, outputs, lifetimes and who may read."""
