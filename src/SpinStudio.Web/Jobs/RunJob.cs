using Quartz;

namespace SpinStudio.Web.Jobs;

/// <summary>One run in a device slot. The job's name is the run's id.</summary>
[DisallowConcurrentExecution]
internal sealed class RunJob(RunSupervisor supervisor) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) =>
        await supervisor.SuperviseAsync(Guid.Parse(context.JobDetail.Key.Name));
}
