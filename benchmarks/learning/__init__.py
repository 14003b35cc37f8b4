"""Does a policy learn from our rewards, and what does it learn from a reward that can be gamed?"""
