using System.Net;
using System.Text.Json;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

/// <summary>Reading the audit log: filters, pages, export, and who may.</summary>
public sealed class AuditTests(StudioHost host) : IClassFixture<StudioHost>
{
    private const string Log = "/api/v1/team/audit";

    [Fact]
    public async Task Filters_by_person_action_kind_way_and_day_and_pages_on_the_server()
    {
        var admin = await host.AdminAsync();
        var person = Guid.NewGuid();
        await AddAsync("paging", 120, entry => (entry.UserId, entry.UserName) = (person, "paula"));
        await AddAsync("paging.late", 3, entry => (entry.UserId, entry.UserName, entry.Token, entry.At) = (person, "paula", "job (spin_abcd…)", DateTimeOffset.UtcNow.AddDays(40)));

        var second = await admin.GetJsonAsync($"{Log}?person={person}&page=2");
        Assert.Equal(123, second.GetProperty("total").GetInt32());
        Assert.Equal(50, second.GetProperty("items").GetArrayLength());
        Assert.Equal(3, await TotalAsync(admin, $"?action=paging.late"));
        Assert.Equal(123, await TotalAsync(admin, $"?action=paging"));
        Assert.Equal(3, await TotalAsync(admin, $"?person={person}&via=token"));
        Assert.Equal(120, await TotalAsync(admin, $"?person={person}&via=browser"));
        var later = DateOnly.FromDateTime(DateTime.UtcNow.AddDays(39)).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(3, await TotalAsync(admin, $"?person={person}&from={later}"));
        Assert.Equal(120, await TotalAsync(admin, $"?person={person}&to={later}"));
        Assert.Contains("paula", (await admin.GetJsonAsync($"{Log}/choices")).GetProperty("people").ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.GetAsync($"{Log}?page=0")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.GetAsync($"{Log}?via=fax")).StatusCode);
    }

    [Fact]
    public async Task The_export_holds_every_line_and_no_formula()
    {
        var admin = await host.AdminAsync();
        await AddAsync("export.line", 70, entry => (entry.Detail, entry.Token) = ("=HYPERLINK(\"http://evil\"),x", "@job"));
        var answer = await admin.GetAsync($"{Log}/csv?action=export.line");
        Assert.Equal("text/csv", answer.Content.Headers.ContentType?.MediaType);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(71, lines.Length);
        Assert.Equal("at,who,user_id,via,token,action,subject,detail", lines[0].Trim());
        Assert.EndsWith(",token,'@job,export.line,,\"'=HYPERLINK(\"\"http://evil\"\"),x\"", lines[1].Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_for_admins_and_of_one_s_own_team()
    {
        var admin = await host.AdminAsync();
        var runner = await host.MemberAsync("rolf", TeamRole.Runner);
        foreach (var path in (string[])["", "/csv", "/choices"])
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await runner.GetAsync(Log + path)).StatusCode);
        }

        var team = await host.OtherTeamAsync();
        await AddAsync("foreign.secret", 1, entry => entry.TeamId = team);
        Assert.Equal(0, await TotalAsync(admin, "?action=foreign.secret"));
        Assert.DoesNotContain("foreign", (await admin.GetJsonAsync($"{Log}/choices")).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("foreign", await (await admin.GetAsync($"{Log}/csv")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task AddAsync(string action, int count, Action<AuditEntry> change)
    {
        await using var db = host.Db();
        var team = db.Teams.OrderBy(team => team.CreatedAt).First().Id;
        for (var i = 0; i < count; i++)
        {
            var entry = new AuditEntry { TeamId = team, UserName = "somebody", Action = action, At = DateTimeOffset.UtcNow };
            change(entry);
            db.AuditEntries.Add(entry);
        }

        await db.SaveChangesAsync();
    }

    private static async Task<int> TotalAsync(Browser browser, string query)
    {
        JsonElement page = await browser.GetJsonAsync(Log + query);
        return page.GetProperty("total").GetInt32();
    }
}
