//go:build !lmdb

package main

var lmdb engine // not in this program
