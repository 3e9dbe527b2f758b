package rdb

// LowerLargestItem lets a test meet the limit of packed records; what it returns undoes it.
func LowerLargestItem(bytes uint64) (undo func()) {
	before := largestItem
	largestItem = bytes
	return func() { largestItem = before }
}
