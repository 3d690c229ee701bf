using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

public sealed class UploadTests : IAsyncLifetime
{
    private readonly StudioHost host = new StudioHost().With("Studio:UploadLimitBytes", "1000");
    private Browser admin = null!;

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        admin = await host.AdminAsync();
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task An_interrupted_upload_continues_where_it_ended()
    {
        var id = await CreateAsync("rows.jsonl", 10);
        Assert.Equal(4, (await PutAsync(id, 0, "0123")).GetProperty("offset").GetInt32());
        Assert.Equal(4, (await admin.GetJsonAsync($"/api/v1/uploads/{id}")).GetProperty("offset").GetInt32());
        var wrong = await SendAsync(id, 2, "xx");
        Assert.Equal(HttpStatusCode.Conflict, wrong.StatusCode);
        Assert.Contains("continue at offset 4", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.True((await PutAsync(id, 4, "456789")).GetProperty("complete").GetBoolean());
        Assert.Equal("0123456789", await File.ReadAllTextAsync(FileOf(id)));
    }

    [Theory]
    [InlineData(1001, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(1000, HttpStatusCode.OK)]
    [InlineData(0, HttpStatusCode.BadRequest)]
    [InlineData(-1, HttpStatusCode.BadRequest)]
    public async Task The_limit_is_told_before_the_first_byte(long length, HttpStatusCode status) =>
        Assert.Equal(status, (await admin.PostAsync("/api/v1/uploads", new { file_name = "rows.jsonl", length })).StatusCode);

    [Fact]
    public async Task More_bytes_than_announced_are_refused()
    {
        var id = await CreateAsync("rows.jsonl", 3);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await SendAsync(id, 0, "0123")).StatusCode);
    }

    [Fact]
    public async Task A_cancelled_upload_leaves_nothing()
    {
        var id = await CreateAsync("rows.jsonl", 10);
        await PutAsync(id, 0, "0123");
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/v1/uploads/{id}")).StatusCode);
        Assert.False(File.Exists(FileOf(id)));
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/uploads/{id}")).StatusCode);
    }

    [Theory]
    [InlineData("../../../etc/passwd")]
    [InlineData("..\\..\\windows")]
    [InlineData("/etc/passwd")]
    [InlineData("a\0b")]
    [InlineData("CON")]
    [InlineData("..")]
    public async Task A_file_name_is_never_a_path(string name)
    {
        var id = await CreateAsync(name, 1);
        await PutAsync(id, 0, "x");
        Assert.Equal([FileOf(id)], Directory.EnumerateFiles(Path.Combine(host.Data, "uploads")));
    }

    [Fact]
    public async Task Another_member_s_upload_does_not_exist()
    {
        var id = await CreateAsync("rows.jsonl", 10);
        var other = await host.MemberAsync("rita", TeamRole.Runner);
        Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync($"/api/v1/uploads/{id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await other.DeleteAsync($"/api/v1/uploads/{id}")).StatusCode);
    }

    private async Task<Guid> CreateAsync(string name, long length)
    {
        var answer = await admin.PostAsync("/api/v1/uploads", new { file_name = name, length });
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    private async Task<JsonElement> PutAsync(Guid id, long offset, string bytes)
    {
        var answer = await SendAsync(id, offset, bytes);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private Task<HttpResponseMessage> SendAsync(Guid id, long offset, string bytes) => admin.SendAsync(HttpMethod.Put, $"/api/v1/uploads/{id}?offset={offset}", new StringContent(bytes));

    private string FileOf(Guid id) => Path.Combine(host.Data, "uploads", id.ToString("N"));
}
