"""The commands of `python -m reward_service`, one file each; `cli.py` reads the arguments."""
