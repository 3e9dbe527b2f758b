package rdb;

/**
 * One finding of a verification.
 *
 * @param object where: header, a table, a page
 * @param what what is wrong
 * @param meaning what it means for the user
 * @param page page number, or {@link RdbException#NO_POSITION} when it is not about one
 */
public record Problem(
    String object,
    String what,
    String meaning,
    long page) {}
