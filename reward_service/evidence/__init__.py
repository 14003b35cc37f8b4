"""What an answer gives for and against: claims, whose view a sentence is, topics, syntax.  Pure."""
