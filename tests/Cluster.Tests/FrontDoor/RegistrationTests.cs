using Astraea.Client.Orleans;
using Astraea.Silo.Storage.Postgres;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Astraea.Cluster.Tests.FrontDoor;

public sealed class RegistrationTests
{
    private const string Database = "Host=db;Username=astraea;Password=hidden-word;Database=agents";

    [Fact]
    public void A_host_needs_to_know_its_cluster()
    {
        HostApplicationBuilder host = Host.CreateEmptyApplicationBuilder(null);
        Assert.Throws<ArgumentException>(() => host.AddAstraeaClient(new OrleansClientOptions { ApiKey = "alpha-secret-1", Postgres = Database }));
        Assert.Throws<ArgumentException>(() => host.AddAstraeaClient(new OrleansClientOptions { ApiKey = "alpha-secret-1", ClusterId = "c" }));
        Assert.Throws<ArgumentException>(() => host.AddAstraeaClient(new OrleansClientOptions { ApiKey = " ", ClusterId = "c", Postgres = Database }));
    }

    [Fact]
    public void Client_and_silos_look_for_membership_in_the_same_place()
    {
        NpgsqlConnectionStringBuilder client = new(OrleansClientRegistration.MembershipConnection(Database));
        NpgsqlConnectionStringBuilder silo = new(PostgresMembership.ConnectionString(Database));
        client.ApplicationName = silo.ApplicationName;
        Assert.Equal(silo.ToString(), client.ToString());
    }

    [Fact]
    public void Options_do_not_print_their_secrets()
    {
        string printed = new OrleansClientOptions { ApiKey = "alpha-secret-1", ClusterId = "c", Postgres = Database }.ToString();
        Assert.Contains("ClusterId = c", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("alpha", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-word", printed, StringComparison.Ordinal);
    }
}
