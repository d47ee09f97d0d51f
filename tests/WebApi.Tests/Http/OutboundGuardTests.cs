using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Forge.WebApi.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Forge.WebApi.Tests.Http;

/// <summary>Outgoing calls: what is refused leaves no packet, and what is sent goes where it was checked.</summary>
public sealed class OutboundGuardTests
{
    private static readonly IPAddress Public = IPAddress.Parse("93.184.216.34");

    private readonly ConcurrentQueue<IPEndPoint> _dialled = new();
    private readonly FakeTimeProvider _time = new();

    /// <summary>One address of each refused network, in every spelling an address bar takes.</summary>
    public static TheoryData<string> Spellings
    {
        get
        {
            var spellings = new TheoryData<string>();
            foreach (var text in (string[])["0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.1.1", "169.254.169.254", "172.16.0.1", "192.0.0.8", "192.168.0.1", "198.18.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255"])
            {
                var b = IPAddress.Parse(text).GetAddressBytes();
                var number = (uint)((b[0] << 24) | (b[1] << 16) | (b[2] << 8) | b[3]);
                spellings.Add(text);
                spellings.Add($"{number}");
                spellings.Add($"0x{number:x}");
                spellings.Add("0" + Convert.ToString(number, 8));
                spellings.Add($"0x{b[0]:x}.0x{b[1]:x}.0x{b[2]:x}.0x{b[3]:x}");
                spellings.Add($"0{Convert.ToString(b[0], 8)}.0{Convert.ToString(b[1], 8)}.0{Convert.ToString(b[2], 8)}.0{Convert.ToString(b[3], 8)}");
                spellings.Add($"{b[0]}.{(b[1] << 16) | (b[2] << 8) | b[3]}");
                spellings.Add(text + ".");
                foreach (var (_, form) in NetworksTests.FormsOf(IPAddress.Parse(text))) spellings.Add($"[{form}]");
                spellings.Add($"[::ffff:{text}]");
            }
            foreach (var text in (string[])["[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[100::1]", "[64:ff9b:1::7f00:1]", "localhost", "localhost."])
                spellings.Add(text);
            // Full-width digits and full stops become plain ones in an address bar.
            spellings.Add("１２７.０.０.１");
            spellings.Add("127。0。0。1");
            return spellings;
        }
    }

    [Theory]
    [MemberData(nameof(Spellings))]
    public async Task Target_InsideARefusedNetwork_IsRefusedInEverySpelling(string host)
    {
        using var guard = Guard(new OutboundOptions(), resolve: null);
        Uri uri;
        try
        {
            uri = new Uri($"http://{host}/latest/meta-data");
        }
        catch (UriFormatException)
        {
            return;   // no address at all: it cannot even be written down
        }
        var refused = await Assert.ThrowsAsync<TargetNotAllowedException>(() => guard.Client().GetAsync(uri));
        Assert.Contains(refused.Why, (string[])["network", "unresolved"]);
        Assert.Empty(_dialled);
    }

    [Theory]
    [InlineData("ftp://example.com/", "scheme")]
    [InlineData("http://ana:secret@example.com/", "user_info")]
    [InlineData("http://example.com:22/", "port")]
    [InlineData("http://example.com:6379/", "port")]
    [InlineData("https://example.com:5432/", "port")]
    public async Task Target_OfAnotherForm_IsRefused(string uri, string why)
    {
        var targets = new OutboundTargets(new OutboundOptions(), (_, _) => Task.FromResult<IPAddress[]>([Public]));
        Assert.Equal(why, (await Assert.ThrowsAsync<TargetNotAllowedException>(() => targets.OfHttpAsync(new Uri(uri), default))).Why);
    }

    [Theory]
    [InlineData(80, true)]
    [InlineData(443, true)]
    [InlineData(22, false)]
    [InlineData(1023, false)]
    [InlineData(1024, true)]
    [InlineData(65535, true)]
    [InlineData(65536, false)]
    public async Task TcpTarget_OnlyItsPorts(int port, bool allowed)
    {
        var targets = new OutboundTargets(new OutboundOptions(), (_, _) => Task.FromResult<IPAddress[]>([Public]));
        if (allowed) Assert.Equal(Public, Assert.Single(await targets.OfTcpAsync("example.com", port, default)));
        else await Assert.ThrowsAsync<TargetNotAllowedException>(() => targets.OfTcpAsync("example.com", port, default));
    }

    [Fact]
    public async Task Name_WithOneAddressInside_IsRefused()
    {
        using var guard = Guard(new OutboundOptions(), (_, _) => Task.FromResult<IPAddress[]>([Public, IPAddress.Parse("10.0.0.1")]));
        await Assert.ThrowsAsync<TargetNotAllowedException>(() => guard.Client().GetAsync(new Uri("http://two.example/")));
        Assert.Empty(_dialled);
    }

    [Fact]
    public async Task Name_ThatChangesItsAddress_IsCalledWhereItWasChecked()
    {
        var answers = new Queue<IPAddress>([Public, IPAddress.Loopback, IPAddress.Loopback]);
        using var guard = Guard(new OutboundOptions(), (_, _) => Task.FromResult<IPAddress[]>([answers.Dequeue()]));
        using (var first = await guard.Client().GetAsync(new Uri("http://rebinding.example/"))) Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(Public, Assert.Single(_dialled).Address);
        Assert.Equal(2, answers.Count);   // asked once for one call
        await Assert.ThrowsAsync<TargetNotAllowedException>(() => guard.Client().GetAsync(new Uri("http://rebinding.example/")));
        Assert.Single(_dialled);
    }

    [Fact]
    public async Task Redirect_IsNotFollowed()
    {
        using var guard = Guard(new OutboundOptions(), (_, _) => Task.FromResult<IPAddress[]>([Public]), "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n");
        using var answer = await guard.Client().GetAsync(new Uri("http://redirecting.example/"));
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Single(_dialled);
    }

    [Fact]
    public async Task Header_ThatNamesAnotherHost_IsRefused()
    {
        using var guard = Guard(new OutboundOptions(), (_, _) => Task.FromResult<IPAddress[]>([Public]));
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://outside.example/") { Headers = { Host = "inside.example" } };
        Assert.Equal("host_header", (await Assert.ThrowsAsync<TargetNotAllowedException>(() => guard.Client().SendAsync(request))).Why);
    }

    [Theory]
    [InlineData(64 * 1024, true)]
    [InlineData(64 * 1024 + 1, false)]
    public async Task Answer_LongerThanTheLimit_IsGivenUp(int length, bool taken)
    {
        foreach (var head in (string[])[$"Content-Length: {length}\r\n", "Connection: close\r\n"])
        {
            using var guard = Guard(new OutboundOptions(), (_, _) => Task.FromResult<IPAddress[]>([Public]), "HTTP/1.1 200 OK\r\n" + head + "\r\n" + new string('a', length));
            if (taken) Assert.Equal(length, (await guard.Client().GetByteArrayAsync(new Uri("http://long.example/"))).Length);
            else Assert.Equal(HttpRequestError.ConfigurationLimitExceeded, (await Assert.ThrowsAsync<HttpRequestException>(() => guard.Client().GetAsync(new Uri("http://long.example/")))).HttpRequestError);
        }
    }

    [Fact]
    public async Task Answer_ThatDoesNotCome_IsGivenUpInTime()
    {
        var dialled = new TaskCompletionSource();
        using var guard = new OutboundGuard(new OutboundOptions(), _time, null, (_, _) => Task.FromResult<IPAddress[]>([Public]), async (_, cancellation) =>
        {
            dialled.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
            return Stream.Null;
        });
        var call = guard.Client().GetAsync(new Uri("http://silent.example/"));
        await dialled.Task;
        _time.Advance(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<TimeoutException>(() => call);
    }

    [Theory]
    [InlineData("10.1.2.3", "10.0.0.0/8", true, true)]
    [InlineData("::ffff:10.1.2.3", "10.0.0.0/8", true, true)]
    [InlineData("10.1.2.3", "10.2.0.0/16", true, false)]
    [InlineData("fd12::1", "fd12::/16", true, true)]
    [InlineData("127.0.0.1", "127.0.0.0/8", false, true)]
    [InlineData("127.0.0.1", "127.0.0.0/8", true, false)]
    [InlineData("169.254.169.254", "169.254.0.0/16", true, false)]
    [InlineData("100.100.100.200", "100.64.0.0/10", true, false)]
    [InlineData("fe80::1", "fe80::/10", true, false)]
    [InlineData("::1", "::/0", true, false)]
    [InlineData("1.1.1.1", "10.0.0.0/8", true, true)]
    public void AllowedNetwork_OpensOnlyWhatTheOperatorMayOpen(string address, string network, bool production, bool allowed) =>
        Assert.Equal(allowed, new OutboundOptions { AllowedNetworks = [IPNetwork.Parse(network)], Production = production }.Allows(IPAddress.Parse(address)));

    [Fact]
    public async Task Refusal_IsJournaledWithoutThePathAndFolded()
    {
        var entries = new List<(string Actor, string Action, string Subject, string Body)>();
        var refusals = new OutboundRefusals((actor, action, subject, body, _) =>
        {
            entries.Add((actor, action, subject, body));
            return Task.CompletedTask;
        }, _time, NullLogger<OutboundRefusals>.Instance);
        using var guard = new OutboundGuard(new OutboundOptions(), _time, refusals);
        for (var i = 0; i < 3; i++) await Assert.ThrowsAsync<TargetNotAllowedException>(() => guard.Client().GetAsync(new Uri("http://127.0.0.1:8080/hook?token=secret")));
        var entry = Assert.Single(entries);
        Assert.Equal(("system:outbound", "outbound.target_not_allowed", "target:http://127.0.0.1:8080"), (entry.Actor, entry.Action, entry.Subject));
        Assert.DoesNotContain("secret", entry.Body, StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<TargetNotAllowedException>(() => guard.Client().GetAsync(new Uri("http://127.0.0.1:8080/hook")));
        Assert.Equal(2, entries.Count);
    }

    private OutboundGuard Guard(OutboundOptions options, ResolveHost? resolve, string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") =>
        new(options, _time, null, resolve, (target, _) =>
        {
            _dialled.Enqueue(target);
            return ValueTask.FromResult<Stream>(new Scripted(answer));
        });

    /// <summary>A peer that says one thing, whatever is sent.</summary>
    private sealed class Scripted(string answer) : MemoryStream(Encoding.ASCII.GetBytes(answer), writable: false)
    {
        public override bool CanWrite => true;

        public override void Write(byte[] buffer, int offset, int count)
        {
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.CompletedTask;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
    }
}
