"""TRL's trainer for machines without a GPU.

TRL 1.15 computes log-probabilities with Triton kernels, which need a GPU, and has no other way.  This
computes the same with plain torch from the whole logits, which a small policy can afford.
"""

from __future__ import annotations

from typing import Any

import torch
from trl import GRPOTrainer

from trainer.merged import merged


class CpuGRPOTrainer(GRPOTrainer):  # type: ignore[misc]  # TRL has no types
    """GRPOTrainer whose log-probabilities need no Triton, and which generates with the adapter merged."""

    def _generate_single_turn(self, *arguments: Any, **named: Any) -> Any:
        with merged(self.model):
            return super()._generate_single_turn(*arguments, **named)

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        compute_entropy: bool = False,
        compute_aux_loss: bool = False,
        **of_images: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None, None]:
        """Log-probability and entropy (in nats, at the sampling temperature) of the last tokens.

        Args:
            model: the policy.
            input_ids: prompts and completions, shape (sequences, tokens).
            attention_mask: 1 for tokens, 0 for padding; the same shape.
            logits_to_keep: how many last tokens are wanted.
            batch_size: sequences in one forward pass; all of them by default.
            compute_entropy: whether entropies are wanted.
            compute_aux_loss: not supported.
            of_images: not supported.

        Returns:
            Log-probabilities and entropies, shape (sequences, logits_to_keep), 0 at padding; no third value.

        Raises:
            NotImplementedError: images, or a mixture of experts.
        """
        if compute_aux_loss or any(value is not None for value in of_images.values()):
            raise NotImplementedError("without a GPU only dense text policies can be trained")
        log_probabilities, entropies = [], []
        step = batch_size or len(input_ids)
        for ids, mask in zip(torch.split(input_ids, step), torch.split(attention_mask, step), strict=True):
            with self.accelerator.autocast():
                logits = model(
                    input_ids=ids, attention_mask=mask, use_cache=False, logits_to_keep=logits_to_keep + 1
                ).logits
            # The logits before a token are those that it was drawn from.
            distribution = (logits[:, :-1].float() / self.temperature).log_softmax(dim=-1)
            padding = mask[:, -logits_to_keep:] == 0
            drawn = distribution.gather(-1, ids[:, -logits_to_keep:].unsqueeze(-1)).squeeze(-1)
            log_probabilities.append(drawn.masked_fill(padding, 0.0))
            if compute_entropy:  # for the log only; a gradient through it is never wanted
                known = distribution.detach()
                entropies.append(-(known.exp() * known).sum(dim=-1).masked_fill(padding, 0.0))
        return torch.cat(log_probabilities), torch.cat(entropies) if compute_entropy else None, None
