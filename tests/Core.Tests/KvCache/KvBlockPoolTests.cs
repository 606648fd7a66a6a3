using System.Diagnostics;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;

namespace Astraea.Core.Tests.KvCache;

public sealed class KvBlockPoolTests
{
    private const int BlockTokens = 4;
    private static readonly byte[] Secret = new byte[16];

    private static TenantKeys Keys(string tenant = "t", string numerics = "cpu") => new BlockKeyer(Secret, numerics, BlockTokens).For(new TenantId(tenant));

    private static int[] Ids(int value) => [value, value + 1, value + 2, value + 3];

    [Fact]
    public void Counts_links_and_holders_stay_right_under_random_use()
    {
        for (int seed = 0; seed < 40; seed++)
            Assert.Equal(RandomUse(seed), RandomUse(seed)); // And the same seed gives the same blocks.
    }

    /// <summary>Many contexts with shared prefixes attach, grow, publish and release; a model of who holds what is compared after each act.</summary>
    private static string RandomUse(int seed)
    {
        Random random = new(seed);
        KvBlockPool pool = new(random.Next(1, 20), BlockTokens);
        TenantKeys keys = Keys();
        List<List<(int Block, BlockKey Key)>> holders = [];
        List<string> log = [];
        for (int act = 0; act < 400; act++)
        {
            switch (random.Next(4))
            {
                case 0 when holders.Count < 8:
                    holders.Add([]);
                    break;
                case 1 or 2 when holders.Count > 0:
                    Grow(holders[random.Next(holders.Count)]);
                    break;
                case 3 when holders.Count > 0:
                    int at = random.Next(holders.Count);
                    KvRelease how = (KvRelease)random.Next(3);
                    for (int i = holders[at].Count - 1; i >= 0; i--)
                        pool.Release(holders[at][i].Block, how);
                    holders.RemoveAt(at);
                    break;
            }
            pool.Check();
            Dictionary<int, int> held = holders.SelectMany(h => h).GroupBy(b => b.Block).ToDictionary(g => g.Key, g => g.Count());
            Assert.Equal(held.Count, pool.Used);
            Assert.Equal(pool.Total, pool.Used + pool.Cached + pool.Free);
            Assert.All(held, h => Assert.Equal(h.Value, pool.References(h.Key)));
            log.Add(string.Join(",", held.Keys.Order()));
        }
        return string.Join("|", log);

        void Grow(List<(int Block, BlockKey Key)> chain)
        {
            int[] ids = Ids(random.Next(3)); // Few ids: prefixes meet often.
            BlockKey parent = chain.Count == 0 ? BlockKey.None : chain[^1].Key;
            BlockKey key = keys.Next(parent, ids);
            if (pool.TryFind(key, ids, out int block))
            {
                pool.Retain(block);
            }
            else
            {
                if (!pool.TryAllocate(out block, out EvictedBlock? evicted))
                {
                    Assert.Equal(0, pool.Available);
                    return;
                }
                if (evicted is { } lost)
                {
                    Assert.False(pool.Contains(lost.Key));
                    Assert.DoesNotContain(holders, h => h.Any(b => b.Key == lost.Key));
                }
                block = pool.Publish(block, key, parent, ids);
            }
            Assert.True(parent == BlockKey.None || pool.Contains(parent), "A parent was evicted before its child.");
            chain.Add((block, key));
        }
    }

    [Fact]
    public void The_leaf_of_the_chain_used_longest_ago_is_evicted_first()
    {
        KvBlockPool pool = new(4, BlockTokens);
        TenantKeys keys = Keys();
        (int[] blocks, BlockKey[] old) = Chain(pool, keys, 10, 20);
        ReleaseAll(pool, blocks);
        (int[] more, BlockKey[] young) = Chain(pool, keys, 30, 40);
        ReleaseAll(pool, more);

        Assert.True(pool.TryAllocate(out _, out EvictedBlock? first));
        Assert.True(pool.TryAllocate(out _, out EvictedBlock? second));
        Assert.True(pool.TryAllocate(out _, out EvictedBlock? third));
        Assert.Equal([old[1], old[0], young[1]], new[] { first!.Value.Key, second!.Value.Key, third!.Value.Key });
    }

    [Fact]
    public void Unwanted_blocks_are_evicted_before_older_ones_and_are_found_until_then()
    {
        KvBlockPool pool = new(2, BlockTokens);
        TenantKeys keys = Keys();
        (int[] kept, _) = Chain(pool, keys, 10);
        ReleaseAll(pool, kept);
        (int[] unwanted, BlockKey[] key) = Chain(pool, keys, 20);
        ReleaseAll(pool, unwanted, KvRelease.EvictFirst);
        Assert.True(pool.TryFind(key[0], Ids(20), out _));
        Assert.True(pool.TryAllocate(out _, out EvictedBlock? evicted));
        Assert.Equal(new EvictedBlock(key[0], BlockKey.None, Unwanted: true), evicted);
    }

    [Fact]
    public void Freed_blocks_are_gone_at_once_unless_somebody_shares_them()
    {
        KvBlockPool pool = new(8, BlockTokens);
        TenantKeys keys = Keys();
        (int[] mine, BlockKey[] key) = Chain(pool, keys, 10, 20);
        pool.Retain(mine[0]);
        ReleaseAll(pool, mine, KvRelease.Free);
        Assert.True(pool.Contains(key[0]));
        Assert.False(pool.Contains(key[1]));
        Assert.Equal((1, 0, 7), (pool.Used, pool.Cached, pool.Free));
    }

    [Fact]
    public void Equal_content_computed_twice_ends_in_one_block()
    {
        KvBlockPool pool = new(4, BlockTokens);
        TenantKeys keys = Keys();
        (int[] first, _) = Chain(pool, keys, 10);
        (int[] second, _) = Chain(pool, keys, 10);
        Assert.Equal(first[0], second[0]);
        Assert.Equal((1, 3, 2), (pool.Used, pool.Free, pool.References(first[0])));
    }

    [Fact]
    public void A_hit_needs_equal_ids_not_only_an_equal_key()
    {
        KvBlockPool pool = new(4, BlockTokens);
        TenantKeys keys = Keys();
        (_, BlockKey[] key) = Chain(pool, keys, 10);
        Assert.False(pool.TryFind(key[0], Ids(11), out _));
        Assert.True(pool.TryAllocate(out int other, out _));
        Assert.Equal(other, pool.Publish(other, key[0], BlockKey.None, Ids(11)));
        Assert.False(pool.IsKeyed(other));
    }

    [Fact]
    public void Broken_use_is_a_crash()
    {
        KvBlockPool pool = new(2, BlockTokens);
        Assert.True(pool.TryAllocate(out int block, out _));
        pool.Release(block);
        Assert.Throws<UnreachableException>(() => pool.Release(block));
        Assert.Throws<UnreachableException>(() => pool.Retain(block));
        Assert.Throws<UnreachableException>(() => pool.Publish(block, new BlockKey(5), BlockKey.None, Ids(1)));
    }

    [Fact]
    public void Keys_commit_to_tenant_class_parent_and_every_token()
    {
        BlockKey key = Keys().Next(BlockKey.None, Ids(1));
        Assert.Equal(key, Keys().Next(BlockKey.None, Ids(1)));
        BlockKey[] others =
        [
            Keys("u").Next(BlockKey.None, Ids(1)), Keys("t", "gpu").Next(BlockKey.None, Ids(1)), Keys("tc", "pu").Next(BlockKey.None, Ids(1)),
            Keys().Next(new BlockKey(1), Ids(1)), Keys().Next(BlockKey.None, Ids(2)), Keys().Next(BlockKey.None, [1, 2, 3, 5]),
        ];
        Assert.Equal(others.Length, others.Append(key).Distinct().Count() - 1);
        Assert.True(BlockKey.TryParse(key.ToString(), out BlockKey parsed));
        Assert.Equal(key, parsed);
        Assert.False(BlockKey.TryParse("12", out _));
    }

    private static (int[] Blocks, BlockKey[] Keys) Chain(KvBlockPool pool, TenantKeys keys, params int[] ids)
    {
        BlockKey parent = BlockKey.None;
        List<int> blocks = [];
        List<BlockKey> chain = [];
        foreach (int id in ids)
        {
            Assert.True(pool.TryAllocate(out int block, out _));
            BlockKey key = keys.Next(parent, Ids(id));
            blocks.Add(pool.Publish(block, key, parent, Ids(id)));
            chain.Add(key);
            parent = key;
        }
        return ([.. blocks], [.. chain]);
    }

    private static void ReleaseAll(KvBlockPool pool, int[] blocks, KvRelease how = KvRelease.Recent)
    {
        foreach (int block in blocks.Reverse())
            pool.Release(block, how);
    }
}
