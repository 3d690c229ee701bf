using System.Globalization;
using SpinStudio.Bench.Live;

// How the run page keeps up: a long run, many viewers, an engine that writes 20 steps a second. Everything is real but the engine, whose journal is written here.
const int points = 100_000, viewers = 50, seconds = 20, loads = 5;
const double perSecond = 20;

var steps = args is [var wanted, ..] ? int.Parse(wanted, CultureInfo.InvariantCulture) : points;
await using var studio = new Studio();
await studio.StartAsync();
await using var browser = await Browser.LaunchAsync(studio.Address);
var cookies = await browser.SetUpAsync();
await studio.StopAsync();

using var run = await LongRun.CreateAsync(studio.Data, steps);
var watch = System.Diagnostics.Stopwatch.StartNew();
await studio.StartAsync();
Console.WriteLine($"{steps:N0} steps of {LongRun.Names.Length} series taken in from the journal in {watch.Elapsed.TotalSeconds:0.0} s");

var drawn = new List<double>();
var answers = new List<double>();
for (var i = 0; i < loads; i++)
{
    var (curves, page) = await browser.OpenAsync(run.Id, steps);
    drawn.Add(curves);
    answers.Add(page);
}

Report.Line("curves of all series drawn, from navigation", "ms", drawn, target: 1000);
Report.Line("page answers (circuit up), from navigation", "ms", answers, target: 1000);

// Fifty viewers on one run, one of them a browser.
using var stop = new CancellationTokenSource();
var everybody = Enumerable.Range(0, viewers).Select(_ => new Viewer(studio.Address, cookies, run.Id, run.Seq)).ToList();
var listening = everybody.Select(viewer => viewer.ListenAsync(stop.Token)).ToList();
await Task.Delay(1500);
await browser.WatchAsync();
var first = run.Seq + 1;
await run.WriteAsync(TimeSpan.FromSeconds(seconds), perSecond);
await Task.Delay(2000);
var frames = await browser.FramesAsync();
await stop.CancelAsync();
await Task.WhenAll(listening);

Report.Line($"journal to client, {viewers} viewers", "ms", [.. everybody.SelectMany(viewer => viewer.Latencies)], target: 300);
Report.Line("journal to pixel, one browser", "ms", frames.ToPixel, target: 300);
Report.Line($"time between frames while {perSecond} points a second arrive", "ms", frames.Between, target: 17);
Console.WriteLine($"frames over 50 ms: {frames.Between.Count(time => time > 50)} of {frames.Between.Count}; tasks over 50 ms: {frames.LongTasks}");
var exact = everybody.Count(viewer => viewer.Seen.SequenceEqual(Enumerable.Range(0, viewer.Seen.Count).Select(i => first + i)) && viewer.Seen.Count > 0 && viewer.Seen[^1] == run.Seq);
Console.WriteLine($"viewers that heard every event once and in order: {exact} of {viewers}");
return exact == viewers ? 0 : 1;
