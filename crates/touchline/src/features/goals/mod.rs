//! Why: objectives that name no tool.
