using System.Net;
using Forge.Domain.Sla;
using static Forge.WebApi.Tests.Sla.Decode;

namespace Forge.WebApi.Tests.Sla;

/// <summary>What happens between a decoded request and its answer: organizations that fail, wait or are many.</summary>
public sealed class IngestRoutingTests
{
    private static readonly byte[] TwoOrganizations = new WriteRequest().Counter(Eu, "200", T0, 1).Counter(Us, "200", T0, 1).ToSnappy();

    private static void AssertUnavailable(HttpResponseMessage response) =>
        Assert.Equal((HttpStatusCode.ServiceUnavailable, (TimeSpan?)TimeSpan.FromSeconds(1)), (response.StatusCode, response.Headers.RetryAfter?.Delta));

    [Fact]
    public async Task Key_ThatCannotBeChecked_Makes503()
    {
        await using var host = await IngestHost.Start();
        AssertUnavailable(await host.Send(IngestHost.RemoteWrite(TwoOrganizations, IngestHost.BrokenKey)));
        Assert.Empty(host.Target.Batches);
    }

    [Fact]
    public async Task Organization_ThatFails_Makes503AndTheOthersAreServed()
    {
        await using var host = await IngestHost.Start();
        host.Target.OnIngest = (id, _) => id == Eu ? throw new InvalidOperationException("no grain") : Task.FromResult(IngestReceipt.Empty);
        AssertUnavailable(await host.Send(IngestHost.RemoteWrite(TwoOrganizations)));
        Assert.Equal([Eu, Us], host.Target.Batches.Select(b => b.OrganizationId).Order());
        Assert.Equal(1, host.Stats.Snapshot()[0].Faults["unavailable"]);
    }

    [Fact]
    public async Task Organization_ThatDoesNotAnswer_Makes503AfterTheTimeout()
    {
        await using var host = await IngestHost.Start(("GrainTimeoutMs", 50));
        host.Target.OnIngest = (_, _) => new TaskCompletionSource<IngestReceipt>().Task;
        AssertUnavailable(await host.Send(IngestHost.RemoteWrite(TwoOrganizations)));
    }

    [Fact]
    public async Task Organizations_ThatCannotBeListed_Make503AndNothingIsSent()
    {
        await using var host = await IngestHost.Start();
        host.Target.OnList = () => Task.FromException(new TimeoutException());
        AssertUnavailable(await host.Send(IngestHost.RemoteWrite(TwoOrganizations)));
        Assert.Empty(host.Target.Batches);
        host.Target.OnList = () => Task.CompletedTask;
        Assert.Equal(HttpStatusCode.NoContent, (await host.Send(IngestHost.RemoteWrite(TwoOrganizations))).StatusCode);
    }

    [Fact]
    public async Task Receipt_WithATicket_IsAnsweredOnlyAfterTheCheckpoint()
    {
        await using var host = await IngestHost.Start();
        var asked = new TaskCompletionSource();
        var written = new TaskCompletionSource();
        host.Target.OnIngest = (id, _) => Task.FromResult(IngestReceipt.Empty with { Accepted = 1, Durable = id == Eu ? 42 : 0 });
        host.Target.OnDurable = _ =>
        {
            asked.SetResult();
            return written.Task;
        };
        var answer = host.Send(IngestHost.RemoteWrite(TwoOrganizations));
        await asked.Task;
        // Whole requests come and go meanwhile: an answer that did not wait would be here by then.
        for (var i = 0; i < 20; i++) await host.Send(IngestHost.Json("{", "bbbbbbbbbbbb"));
        Assert.False(answer.IsCompleted);
        written.SetResult();
        Assert.Equal(HttpStatusCode.NoContent, (await answer).StatusCode);
        Assert.Equal([(Eu, 42L)], host.Target.Waits);
    }

    [Fact]
    public async Task Checkpoint_ThatFails_Makes503()
    {
        await using var host = await IngestHost.Start();
        host.Target.OnIngest = (_, _) => Task.FromResult(IngestReceipt.Empty with { Durable = 1 });
        host.Target.OnDurable = id => id == Eu ? Task.FromException(new IOException()) : Task.CompletedTask;
        AssertUnavailable(await host.Send(IngestHost.RemoteWrite(TwoOrganizations)));
        Assert.Equal([Eu, Us], host.Target.Waits.Select(w => w.OrganizationId).Order());
    }

    [Fact]
    public async Task Organizations_MoreThanTheParallelism_AreAskedThatManyAtATime()
    {
        await using var host = await IngestHost.Start();
        var ids = Enumerable.Range(0, 200).Select(i => $"eu-{i:0000000000}").ToArray();
        var request = new WriteRequest();
        foreach (var id in ids)
        {
            host.Target.Known.Add(id);
            request.Counter(id, "200", T0, 1);
        }

        var running = 0;
        var most = 0;
        var full = new TaskCompletionSource();
        host.Target.OnIngest = async (_, _) =>
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            if (now >= 64) full.TrySetResult();
            await full.Task;
            await Task.Yield();
            Interlocked.Decrement(ref running);
            return IngestReceipt.Empty with { Accepted = 1 };
        };
        Assert.Equal(HttpStatusCode.NoContent, (await host.Send(IngestHost.RemoteWrite(request.ToSnappy()))).StatusCode);
        Assert.Equal((64, 200L), (most, host.Stats.Snapshot()[0].Accepted));
    }

    [Fact]
    public async Task Batch_WithAnId_CarriesOneIdentityToEveryOrganization()
    {
        await using var host = await IngestHost.Start();
        const string body = """{"batchId":"b1","intervals":[{"organizationId":"eu-7k3m9q2v4x","from":0,"to":1000,"total":5,"bad":0},{"organizationId":"us-0123456789","from":0,"to":1000,"total":5,"bad":0}]}""";
        await host.Send(IngestHost.Json(body));
        await host.Send(IngestHost.Json(body));
        Assert.Equal(4, host.Target.Batches.Count);
        Assert.NotEqual(0UL, Assert.Single(host.Target.Batches.Select(b => b.Batch.Identity).Distinct()));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
            // Somebody else was faster: look again.
        }
    }
}
