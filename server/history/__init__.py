"""What happened to a document: entries of its log, compaction, named versions, founding anew."""
