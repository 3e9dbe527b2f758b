package rdb

import (
	"context"
	"strconv"

	"rdb.example/rdb/internal/raw"
)

// Option is a choice for Open and OpenMemory.
type Option func(*config)

type config struct {
	texts         [][2]string // for rdb_options_set, in order
	ctx           context.Context
	progress      Progress
	blockingLimit int
}

// Progress is called now and then during a long operation, on the goroutine that asked for it; done
// and total count pages, and total 0 means unknown. Returning [ErrStopped] stops the operation
// quietly, another error aborts it, and the operation's error then wraps that one. It must not use the
// database.
type Progress func(done, total uint64) error

// WithOption sets an option by name and text. [Options] lists names and what they accept.
func WithOption(name, value string) Option {
	return func(c *config) { c.texts = append(c.texts, [2]string{name, value}) }
}

// WithCacheBytes is the memory for pages, a quarter of the machine's and at most 1 GiB by default.
func WithCacheBytes(bytes uint64) Option {
	return WithOption("memory_budget_bytes", strconv.FormatUint(bytes, 10))
}

// WithReadOnly opens for reading; the file is never written.
func WithReadOnly() Option { return WithOption("mode", "read_only") }

// WithExisting refuses to create a file.
func WithExisting() Option { return WithOption("mode", "existing") }

// WithCreateNew refuses a file that has content.
func WithCreateNew() Option { return WithOption("mode", "create_new") }

// WithContext stops the opening, which may have to repair the file, when ctx is done.
func WithContext(ctx context.Context) Option { return func(c *config) { c.ctx = ctx } }

// WithRepairProgress reports on a repair, should one be needed. Stopping it makes Open fail with
// [ErrRepairAborted].
func WithRepairProgress(progress Progress) Option {
	return func(c *config) { c.progress = progress }
}

// WithBlockingLimit lets at most n goroutines at a time be inside calls that wait for the device or
// walk through much data (commit, batches, verification, figures of a table): each of them holds an
// operating system thread. 0, the default, sets no limit.
func WithBlockingLimit(n int) Option { return func(c *config) { c.blockingLimit = n } }

// OptionKind says what text an option takes.
type OptionKind uint32

const (
	OptionBool   OptionKind = 0 // true, false, on, off, yes, no, 1, 0
	OptionUint   OptionKind = 1 // decimal digits
	OptionBytes  OptionKind = 2 // decimal digits, then K, M or G for powers of 1024
	OptionChoice OptionKind = 3 // one of the words in Choices
)

// OptionInfo describes one option that WithOption takes.
type OptionInfo struct {
	Name    string
	Kind    OptionKind
	Choices string // words separated by '|'; empty unless OptionChoice
	Initial string // the default as text
	Help    string // one sentence
}

// Options lists the options that WithOption takes, in a fixed order.
func Options() []OptionInfo {
	infos := make([]OptionInfo, raw.OptionCount())
	d := new(raw.Detail)
	for i := range infos {
		part := func(which int) string {
			return text(func(room []byte) int64 { return raw.OptionText(int64(i), which, room, d) })
		}
		infos[i] = OptionInfo{
			Name: part(0), Kind: OptionKind(raw.OptionType(int64(i), d)),
			Choices: part(1), Initial: part(2), Help: part(3),
		}
	}
	return infos
}

// Version of the library in use, such as "0.1.0".
func Version() string {
	return text(func(room []byte) int64 { return raw.VersionText(0, room) })
}

// VersionNumber is major * 1000000 + minor * 1000 + patch of the library in use.
func VersionNumber() uint32 { return uint32(raw.VersionNumber()) }

// ABIVersion is major << 16 + minor of the C interface of the library in use.
func ABIVersion() uint32 { return uint32(raw.AbiVersion()) }

// BuildInfo is one line about how the library was built.
func BuildInfo() string {
	return text(func(room []byte) int64 { return raw.VersionText(1, room) })
}

// HasFeature tells whether the library in use has a feature, false for names it never heard of.
func HasFeature(name string) bool { return raw.HasFeature([]byte(name)) != 0 }

// CheckABI tells whether a program built for an ABI version can use the library. Open asks it about
// this package.
func CheckABI(version uint32) error {
	_, err := try(func(d *raw.Detail) { raw.CheckAbi(int64(version), d) })
	return err
}
