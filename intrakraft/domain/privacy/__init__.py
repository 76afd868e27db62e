"""Privacy: the policy as dated texts, who agreed to which, and what every other promise about people's data needs.

Nothing here imports a feature; features import this.
"""
