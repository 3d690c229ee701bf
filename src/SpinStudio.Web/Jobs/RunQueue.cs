using Quartz;

namespace SpinStudio.Web.Jobs;

/// <summary>
/// The queue: one Quartz trigger a run, fired in the order of their times as slots come free. What waits is decided by the runs' rows; the store only carries it
/// out, so it can be filled again from them.
/// </summary>
public sealed class RunQueue(ISchedulerFactory schedulers)
{
    internal const string Group = "runs";

    /// <summary>Puts a run into the queue; one that is there already stays.</summary>
    /// <param name="queuedAt">Its place: earlier goes first.</param>
    internal async Task EnqueueAsync(Guid runId, DateTimeOffset queuedAt, CancellationToken cancellation)
    {
        var scheduler = await schedulers.GetScheduler(cancellation);
        var key = new JobKey(runId.ToString(), Group);
        await scheduler.DeleteJob(key, cancellation);
        var job = JobBuilder.Create<RunJob>().WithIdentity(key).Build();
        var trigger = TriggerBuilder.Create()
            .WithIdentity(runId.ToString(), Group)
            .ForJob(job)
            .StartAt(queuedAt)
            // A run that waited long for a slot has not missed anything: it keeps its place.
            .WithSchedule(SimpleScheduleBuilder.Create().WithRepeatCount(0).WithMisfireInstruction(SimpleTriggerMisfireInstruction.IgnoreMisfires))
            .Build();
        await scheduler.ScheduleJob(job, trigger, cancellationToken: cancellation);
    }

    internal async Task RemoveAsync(Guid runId, CancellationToken cancellation) =>
        await (await schedulers.GetScheduler(cancellation)).DeleteJob(new JobKey(runId.ToString(), Group), cancellation);
}
