from .loading import THREADS as THREADS, freeing as freeing, model as model, weights_of as weights_of
