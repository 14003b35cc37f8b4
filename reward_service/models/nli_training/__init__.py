"""Makes the embedded NLI model: ``python -m reward_service.models.nli_training`` trains and calibrates it."""
