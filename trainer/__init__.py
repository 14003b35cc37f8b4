"""The GRPO side: a policy, its training data, and rewards that come from the reward server over HTTP."""
