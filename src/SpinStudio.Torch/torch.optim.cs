namespace SpinStudio.Torch;

public static unsafe partial class torch
{
    /// <summary>
    /// Optimizer steps over flat buffers: all parameters laid end to end in one tensor, their gradients and moments likewise. On the CPU one native
    /// pass does it all and gives the same bits for any thread count; elsewhere the plain operators of <see cref="reference"/> do.
    /// </summary>
    public static partial class optim
    {
        /// <summary>
        /// One step of AdamW with decoupled decay (Loshchilov and Hutter 2019), as torch.optim.AdamW:
        /// <c>m ← β₁m + (1-β₁)g; v ← β₂v + (1-β₂)g²; w ← (1-lr·λ)w - lr/(1-β₁ᵗ) · m / (√v/√(1-β₂ᵗ) + ε)</c>.
        /// </summary>
        /// <param name="master">Weights, Float32 or Float64, changed.</param>
        /// <param name="exp_avg">m, same shape and type, changed; zero before the first step.</param>
        /// <param name="exp_avg_sq">v, same, changed.</param>
        /// <param name="grad">g, same.</param>
        /// <param name="model">When given: BFloat16, takes the new weights rounded to nearest even.</param>
        /// <param name="step">t, counted from 1.</param>
        public static void adamw_(
            Tensor master, Tensor exp_avg, Tensor exp_avg_sq, Tensor grad, Tensor? model,
            double lr, double beta1, double beta2, double eps, double weight_decay, long step)
        {
            ArgumentNullException.ThrowIfNull(master);
            using var scope = NewDisposeScope();
            using var frozen = no_grad();
            if (master.device.type == DeviceType.CPU)
                Ops.adamw_.Run(master, exp_avg, exp_avg_sq, grad, model, lr, beta1, beta2, eps, weight_decay, step);
            else
                reference.adamw_(master, exp_avg, exp_avg_sq, grad, model, lr, beta1, beta2, eps, weight_decay, step);
        }

        /// <summary>
        /// One step of RMSProp (Tieleman and Hinton 2012), as torch.optim.RMSprop without momentum:
        /// <c>g ← g + λw; v ← αv + (1-α)g²; w ← w - lr · g / (√v + ε)</c>, ε outside the root.
        /// </summary>
        /// <param name="master">Weights, Float32 or Float64, changed.</param>
        /// <param name="square_avg">v, same shape and type, changed; zero before the first step.</param>
        /// <param name="grad">g, same.</param>
        /// <param name="model">When given: BFloat16, takes the new weights rounded to nearest even.</param>
        public static void rmsprop_(
            Tensor master, Tensor square_avg, Tensor grad, Tensor? model, double lr, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0)
        {
            ArgumentNullException.ThrowIfNull(master);
            using var scope = NewDisposeScope();
            using var frozen = no_grad();
            if (master.device.type == DeviceType.CPU)
                Ops.rmsprop_.Run(master, square_avg, grad, model, lr, alpha, eps, weight_decay);
            else
                reference.rmsprop_(master, square_avg, grad, model, lr, alpha, eps, weight_decay);
        }

        /// <summary>The same steps in libtorch's operators, one after another: the definition that the native pass is tested against.</summary>
        public static class reference
        {
            /// <inheritdoc cref="optim.adamw_"/>
            public static void adamw_(
                Tensor master, Tensor exp_avg, Tensor exp_avg_sq, Tensor grad, Tensor? model,
                double lr, double beta1, double beta2, double eps, double weight_decay, long step)
            {
                ArgumentNullException.ThrowIfNull(master);
                ArgumentNullException.ThrowIfNull(exp_avg);
                ArgumentNullException.ThrowIfNull(exp_avg_sq);
                using var scope = NewDisposeScope();
                using var frozen = no_grad();
                exp_avg.mul_(beta1).add_(grad, alpha: 1 - beta1);
                exp_avg_sq.mul_(beta2).addcmul_(grad, grad, 1 - beta2);
                var denominator = exp_avg_sq.sqrt().div_(Math.Sqrt(1 - Math.Pow(beta2, step))).add_(eps);
                master.mul_(1 - lr * weight_decay).addcdiv_(exp_avg, denominator, -lr / (1 - Math.Pow(beta1, step)));
                model?.copy_(master);
            }

            /// <inheritdoc cref="optim.rmsprop_"/>
            public static void rmsprop_(
                Tensor master, Tensor square_avg, Tensor grad, Tensor? model, double lr, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0)
            {
                ArgumentNullException.ThrowIfNull(master);
                ArgumentNullException.ThrowIfNull(square_avg);
                ArgumentNullException.ThrowIfNull(grad);
                using var scope = NewDisposeScope();
                using var frozen = no_grad();
                var decayed = weight_decay == 0 ? grad : grad.add(master, alpha: weight_decay);
                square_avg.mul_(alpha).addcmul_(decayed, decayed, 1 - alpha);
                master.addcdiv_(decayed, square_avg.sqrt().add_(eps), -lr);
                model?.copy_(master);
            }
        }
    }
}
