using SpinStudio.Engine.Evaluation;

namespace SpinStudio.Web.Features.Evaluations;

/// <summary>Held-out reports of a run, the starting model (iteration −1) first.</summary>
public sealed class EvaluationService
{
    public Task<IReadOnlyList<EvaluationReport>> ReportsAsync(Guid runId, CancellationToken cancellation = default) => throw new NotImplementedException();
}
