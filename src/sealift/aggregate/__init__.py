"""One object a day that many writers add to: journal, merge, conditional write, compaction."""
