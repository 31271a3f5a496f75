// Package sqlite asks SQLite for sums.
package sqlite

/*
#cgo LDFLAGS: -lsqlite3
#include <sqlite3.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"sync"
	"unsafe"
)

// DB is an open database.
type DB struct {
	mutex  sync.Mutex
	handle *C.sqlite3
}

// Open opens the database of that name.
func Open(name string) (*DB, error) {
	path := C.CString(name)
	defer C.free(unsafe.Pointer(path))
	db := &DB{}
	if C.sqlite3_open(path, &db.handle) != C.SQLITE_OK {
		return nil, db.problem()
	}
	return db, nil
}

// Sum adds two numbers, which are given as text.
func (db *DB) Sum(a, b string) (int64, error) {
	db.mutex.Lock()
	defer db.mutex.Unlock()
	query := C.CString("SELECT CAST(? AS INTEGER) + CAST(? AS INTEGER)")
	defer C.free(unsafe.Pointer(query))
	var statement *C.sqlite3_stmt
	if C.sqlite3_prepare_v2(db.handle, query, -1, &statement, nil) != C.SQLITE_OK {
		return 0, db.problem()
	}
	defer C.sqlite3_finalize(statement)
	for number, value := range []string{a, b} {
		text := C.CString(value)
		defer C.free(unsafe.Pointer(text))
		C.sqlite3_bind_text(statement, C.int(number+1), text, -1, nil)
	}
	if C.sqlite3_step(statement) != C.SQLITE_ROW {
		return 0, db.problem()
	}
	return int64(C.sqlite3_column_int64(statement, 0)), nil
}

func (db *DB) problem() error {
	return errors.New(C.GoString(C.sqlite3_errmsg(db.handle)))
}
