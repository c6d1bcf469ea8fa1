"""Commands about the plan, its years and the model."""
