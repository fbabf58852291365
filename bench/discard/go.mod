module stowage/bench/discard

go 1.24
