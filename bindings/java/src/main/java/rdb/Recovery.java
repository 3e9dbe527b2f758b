package rdb;

import java.util.List;

/**
 * How the last open went.
 *
 * @param clean the file had been closed cleanly, or was created
 * @param fullRepair every page was read and checked
 * @param olderCommit the newest commit did not verify and is lost
 * @param mirror the header came from the copy at the file's end
 * @param txnId the commit that was opened
 * @param notes remarks, each a full sentence
 */
public record Recovery(
    boolean clean,
    boolean fullRepair,
    boolean olderCommit,
    boolean mirror,
    long txnId,
    List<String> notes) {}
