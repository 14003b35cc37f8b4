"""What files of scores say about the models that wrote the answers, alone and against each other."""
