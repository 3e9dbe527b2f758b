package rdb;

/**
 * What a step of {@link TtlTable#purge} did.
 *
 * @param <K> type of keys
 * @param examined records looked at
 * @param removed of those, expired and gone now
 * @param position key of the last record looked at, from which the next step goes on; null: the end was
 *     reached
 */
public record PurgeStep<K>(long examined, long removed, K position) {}
