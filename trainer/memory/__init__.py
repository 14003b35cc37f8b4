"""What a run takes of a GPU's memory, added up before anything is loaded.

`shapes` reads a model's sizes, `training` and `vllm` say what each part takes, `plan` adds up and judges,
`savings` names what would help, `card` asks the GPU, `table` prints.  None of it imports torch or
transformers: Unsloth wants to be imported before them.
"""
